/** What Stripe takes as a parameter: nested, and sent as a form. Undefined is left out, null empties a field. */
export type Param = string | number | boolean | null | undefined | readonly Param[] | { readonly [name: string]: Param };
export type Params = Readonly<Record<string, Param>>;

/** `{ lines: [{ amount: 100 }] }` as `lines[0][amount]=100`. */
export function formOf(params: Params): Record<string, string> {
  const form: Record<string, string> = {};
  const put = (name: string, value: Param): void => {
    if (value === undefined) return;
    if (value === null) form[name] = '';
    else if (typeof value === 'object') for (const [key, each] of Object.entries(value)) put(`${name}[${key}]`, each);
    else form[name] = String(value);
  };
  for (const [name, value] of Object.entries(params)) put(name, value);
  return form;
}
