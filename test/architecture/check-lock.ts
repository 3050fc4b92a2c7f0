type Entry = { readonly optionalDependencies?: Readonly<Record<string, string>> };
type Lock = { readonly packages: Readonly<Record<string, Entry>> };

/**
 * What package-lock.json lacks. npm drops a platform's package that its registry did not have when the lock was made,
 * and then every `npm ci` refuses: such a version cannot be used yet.
 */
export function checkLock(text: string): readonly string[] {
  const { packages } = JSON.parse(text) as Lock;
  return Object.entries(packages).flatMap(([place, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies)
      .filter((name) => !isThere(packages, place, name))
      .map((name) => `${place || "package.json"} needs ${name}, which package-lock.json lacks. Pin an older version.`),
  );
}

/** As Node looks for packages: in the own folder, then in each above. */
function isThere(packages: Lock["packages"], place: string, name: string): boolean {
  if (`${place && `${place}/`}node_modules/${name}` in packages) return true;
  return place !== "" && isThere(packages, place.slice(0, Math.max(0, place.lastIndexOf("/node_modules/"))), name);
}
