import { listed, mustChange, notConfigured, type DealRule } from '../rule.ts';

/** Every line has a project template, made for its service line and billing method. */
export const projectTemplateRule: DealRule = ({ lines, config }) =>
  lines.flatMap(({ picked, template, serviceLine, billingMethod }) => {
    const { value, path } = picked.projectTemplate;
    if (value === null) return [];
    if (template === undefined) {
      return [
        notConfigured('PROJECT_TEMPLATE_UNKNOWN', path, {
          message: `The project template "${value}" does not exist (${listed(config.projectTemplates.map(({ code }) => code))}).`,
          mend: "Pick one that exists, or leave it empty to take the service line's own.",
        }),
      ];
    }
    const misfits = [
      ...(serviceLine === undefined || template.serviceLines.includes(serviceLine.code) ? [] : [`the service line ${serviceLine.name}`]),
      ...(billingMethod === undefined || template.billingMethods.includes(billingMethod.code) ? [] : [`the billing method ${billingMethod.name.toLowerCase()}`]),
    ];
    return misfits.map((misfit) =>
      mustChange('PROJECT_TEMPLATE_DOES_NOT_FIT', path, {
        message: `The project template ${template.code} is not made for ${misfit}.`,
        mend: "Pick another template in the CRM, or leave it empty to take the service line's own.",
      }),
    );
  });
