/** What is left of an activity when it does nothing. */
export async function step(input: { readonly number: number }): Promise<{ readonly done: number }> {
  return await Promise.resolve({ done: input.number });
}
