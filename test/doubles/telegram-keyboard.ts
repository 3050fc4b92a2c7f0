import { Refused } from "./telegram-methods.ts";

/** One button as a bot sends it. */
export type Button = {
  readonly text: string;
  readonly callback_data?: string | undefined;
  readonly url?: string | undefined;
};

/** Rows of buttons under a message. */
export type Keyboard = readonly (readonly Button[])[];

/** @throws Refused for what Telegram would not show under a message */
export function checkKeyboard(markup: { readonly inline_keyboard: Keyboard } | undefined): Keyboard {
  const rows = markup?.inline_keyboard ?? [];
  if (rows.flat().length > 100 || rows.some((row) => row.length > 8)) throw refusal("too many inline keyboard buttons");
  for (const { text, callback_data: data, url } of rows.flat()) {
    if (text.trim() === "") throw refusal("inline keyboard button text must be non-empty");
    if ((data === undefined) === (url === undefined))
      throw refusal("text buttons are unallowed in the inline keyboard");
    const bytes = Buffer.byteLength(data ?? "x");
    if (bytes < 1 || bytes > 64) throw refusal("BUTTON_DATA_INVALID");
    if (url !== undefined && !URL.canParse(url)) throw refusal("BUTTON_URL_INVALID");
  }
  return rows;
}

function refusal(why: string): Refused {
  return new Refused(400, `Bad Request: ${why}`);
}
