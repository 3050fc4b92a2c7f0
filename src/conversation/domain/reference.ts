/** A short name for a turn that a person can pass on and an operator can look up. */
export function referenceOf({ id }: { readonly id: string }): string {
  return `T${id}`;
}
