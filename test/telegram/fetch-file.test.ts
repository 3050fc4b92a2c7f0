import { expect, test } from "vitest";
import { channelTo, listening, telegram } from "./open-telegram.ts";
import { until } from "../until.ts";

/** A person sends a file, which comes as an attachment of this channel's. */
async function sent(bytes: Uint8Array, size?: number) {
  const double = await telegram();
  const channel = channelTo(double);
  const { kept } = listening(channel);
  const file_id = double.files.add(bytes, size);
  double.say({ chat: 7, extra: { document: { file_id, file_name: "a.txt", file_size: size ?? bytes.length } } });
  const attachment = await until(() => kept[0]?.attachments?.[0], "the file");
  const fetch = (bytesMax: number, signal = new AbortController().signal) =>
    channel.fetch?.(attachment, bytesMax, signal);
  return { double, attachment, fetch };
}

const words = Buffer.from("What I wrote");

test("what a person sent can be fetched", async () => {
  const { attachment, fetch } = await sent(words);
  expect(attachment).toMatchObject({ kind: "document", name: "a.txt", bytes: 12 });
  expect(Buffer.from((await fetch(100)) ?? [])).toEqual(words);
});

test("what is larger than asked for is not fetched, whatever Telegram says of its size", async () => {
  const { fetch } = await sent(words);
  await expect(fetch(11)).rejects.toMatchObject({ retryable: false, message: expect.stringContaining("11") });
  const lie = await sent(words, 3);
  await expect(lie.fetch(11)).rejects.toMatchObject({ retryable: false });
});

test("what Telegram does not give to bots is refused in words that hold no token", async () => {
  const { double, fetch } = await sent(words, 30_000_000);
  const error = (await fetch(100_000_000)?.catch((reason: unknown) => reason)) as Error;
  expect(error).toMatchObject({ name: "ChannelError", retryable: false });
  expect(error.message).not.toContain(double.token.split(":")[1]);
});

test("a download that breaks off is worth another try, and its words hold no token", async () => {
  const { double, fetch } = await sent(words);
  double.failNext("getFile", "reset");
  await expect(fetch(100)).rejects.toMatchObject({ retryable: true });
  const error = await fetch(100, AbortSignal.abort("stopped"))?.catch((reason: unknown) => reason);
  expect(String(error)).not.toContain(double.token.split(":")[1]);
});
