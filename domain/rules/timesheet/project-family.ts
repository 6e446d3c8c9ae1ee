import type { TimeProject } from '../../model/time/context.ts';

/** Looks up a project with every other code it had or will have: a timesheet may name any of them. @param projects by number */
export function createProjectFamilies(projects: ReadonlyMap<string, TimeProject>): (number: string) => readonly TimeProject[] {
  const before = new Map([...projects.values()].flatMap((project) => (project.changedTo === null ? [] : [[project.changedTo.number, project] as const])));
  return (number) => {
    const found = new Map<string, TimeProject>();
    const visit = (project: TimeProject | undefined): void => {
      if (project === undefined || found.has(project.number)) return;
      found.set(project.number, project);
      if (project.changedTo !== null) visit(projects.get(project.changedTo.number));
      visit(before.get(project.number));
    };
    visit(projects.get(number));
    return [...found.values()];
  };
}
