/**
 * Where people open a system's records, when its options do not say: derived from the API's address where the vendor's rule is known,
 * else the API's own address (a system of one's own, or a sandbox).
 */
export function peopleAddress(given: string | undefined, apiAddress: string, ofVendor: (apiHost: string) => string | undefined): string {
  const address = given ?? ofVendor(new URL(apiAddress).hostname) ?? apiAddress;
  return address.replace(/\/+$/, '');
}
