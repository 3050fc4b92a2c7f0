import type { PlaceRules, PlaceSettings } from "../../src/conversation/ports/place-settings.ts";

/** What moderators have decided, without a database. */
export function testPlaces(): PlaceSettings {
  const rules = new Map<string, PlaceRules>();
  return {
    find: async ({ channel, id }) => rules.get(`${channel}/${id}`) ?? {},
    save: async ({ channel, id }, decided) => void rules.set(`${channel}/${id}`, decided),
  };
}
