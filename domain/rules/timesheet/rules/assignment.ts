import { mayPass, mustChange, notConfigured } from '../finding.ts';
import { isTakenBack, roleOf, type EntryRule } from '../review.ts';

/** The person is assigned to the project on the work date. Internal projects are open to all. */
export const assignmentRule: EntryRule = (review) => {
  const { entry, project, assignments, covering } = review;
  if (project === undefined || project.kind === 'internal' || isTakenBack(review) || covering.length > 0) return [];
  const [first] = assignments;
  if (first === undefined) {
    return [mustChange(entry, 'ASSIGNMENT_MISSING', 'projectNumber', { message: `${entry.person} is not assigned to project ${project.number}.`, mend: 'Pick the right project, or ask the project manager for an assignment.' })];
  }
  const spans = assignments.map(({ from, to }) => `${from} to ${to ?? 'open end'}`).join(', ');
  return [mayPass(entry, 'ASSIGNMENT_NOT_COVERING_DATE', 'workDate', { message: `${entry.person} is assigned to project ${project.number} only from ${spans}; the work is of ${entry.workDate}.`, mend: 'Correct the work date, or ask the project manager to extend the assignment.' })];
};

/** The role the person worked in maps to a labor category of ours, the one the assignment was made for. */
export const laborCategoryRule: EntryRule = (review) => {
  const { entry, index, covering, laborCategory, project, original } = review;
  if ((isTakenBack(review) && original !== undefined) || project === undefined) return [];
  if (entry.laborCategory === null && entry.role !== null && roleOf(entry, index) === undefined) {
    return [notConfigured(entry, 'ROLE_NOT_MAPPED', 'role', { message: `The role "${entry.role}" of ${entry.system} stands for no labor category.`, mend: 'Map the role to a labor category, or pick another role in the time system.' })];
  }
  if (laborCategory === undefined) {
    return [mustChange(entry, 'LABOR_CATEGORY_MISSING', 'laborCategory', { message: 'Neither the entry nor an assignment names a labor category.', mend: 'Pick the role in the time system, or have the assignment name one.' })];
  }
  if (!index.context.laborCategories.includes(laborCategory)) {
    return [notConfigured(entry, 'LABOR_CATEGORY_UNKNOWN', 'laborCategory', { message: `The labor category ${laborCategory} is not one of ours.`, mend: 'Pick one of ours, or add it to config/labor-categories.yaml and the rate cards.' })];
  }
  if (covering.length > 0 && !covering.some((assignment) => assignment.laborCategory === laborCategory)) {
    return [mayPass(entry, 'LABOR_CATEGORY_NOT_ASSIGNED', 'laborCategory', { message: `${entry.person} is assigned as ${covering.map((assignment) => assignment.laborCategory).join(', ')}, but the work is entered as ${laborCategory}.`, mend: 'Pick the role of the assignment, or have the assignment changed.' })];
  }
  return [];
};
