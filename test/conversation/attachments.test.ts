import { afterEach, expect, test } from "vitest";
import { AiError, ChannelError } from "../../src/conversation/domain/errors.ts";
import type { Sound, Transcriber } from "../../src/conversation/ports/transcriber.ts";
import { type OpenRoom, openRoom, sent } from "./open-room.ts";

const png = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 1, 2, 3]);
const image = { mimeType: "image/png", base64: Buffer.from(png).toString("base64") };
const bytes = (text: string) => new TextEncoder().encode(text);
const gone = new ChannelError("it is gone", { retryable: false });

let room: OpenRoom;
afterEach(() => room.close());

/** What the AI was asked last. */
function asked() {
  return room.prompts.at(-1)?.messages.at(-1);
}

/** Hears in everything what its bytes say. */
function ear(heard: Sound[] = []): Transcriber {
  return {
    async transcribe(sound) {
      heard.push(sound);
      return new TextDecoder().decode(sound.bytes);
    },
  };
}

test("I send a picture with a question, and the model sees it", async () => {
  room = await openRoom();
  room.files.set("cat.png", png);
  expect(await room.ask({ text: "what is it?", attachments: [sent("image", "cat.png")] })).toBe("I see.");
  expect(asked()).toEqual({
    role: "user",
    content: "[sent a picture: cat.png]\n\nwhat is it?",
    images: [image],
  });
});

test("I send a picture and say nothing, and it is answered all the same", async () => {
  room = await openRoom();
  room.files.set("cat.png", png);
  expect(await room.ask({ text: "", attachments: [sent("document", "cat.png", { mimeType: "image/png" })] })).toBe(
    "I see.",
  );
  expect(asked()?.images).toEqual([image]);
});

test("I ask again about a picture, and the model still sees it; when it is gone, it knows that there was one", async () => {
  room = await openRoom();
  room.files.set("cat.png", png);
  await room.ask({ text: "look", attachments: [sent("image", "cat.png")] });
  await room.ask({ text: "what colour is it?" });
  const messages = room.prompts.at(-1)?.messages ?? [];
  expect(messages.map(({ images }) => images?.length ?? 0)).toEqual([0, 1, 0, 0]);

  room.files.set("cat.png", gone);
  expect(await room.ask({ text: "and how old?" })).toBe("I see.");
  const later = room.prompts.at(-1)?.messages ?? [];
  expect(later.some(({ images }) => images)).toBe(false);
  expect(room.failures).toEqual([]);
  expect(later[1]?.content).toBe("[sent a picture: cat.png]\n\nlook");
});

test("of an album the model sees all pictures, in order; what a request cannot hold is left out, and I am told", async () => {
  room = await openRoom({ limits: { promptPictureBytesMax: 65, attachmentsMax: 7 } });
  const names = ["1", "2", "3", "4", "5", "6", "7", "8"].map((number) => `${number}.png`);
  for (const name of names) room.files.set(name, png);
  const attachments = names.map((name) => sent("image", name));
  expect(await room.ask({ text: "which is best?", attachments: attachments.slice(0, 5) })).toBe("I see.");
  expect(asked()?.images).toHaveLength(5);
  expect(await room.ask({ text: "and now?", attachments })).toBe(
    "I see.\n\n*(That is more than I can read at once: I left out `6.png`.)*\n*(That is more than I can read at once: I left out `7.png`.)*\n*(That is more than I can read at once: I left out `8.png`.)*",
  );
  expect(asked()?.images).toHaveLength(5);
});

test("nobody sees a picture of somebody else's conversation", async () => {
  room = await openRoom();
  room.files.set("cat.png", png);
  await room.ask({ text: "look", attachments: [sent("image", "cat.png")] });
  await room.ask({ text: "what did Ada send?", author: { id: "bob", name: "Bob" }, room: "bob" });
  expect(room.prompts.at(-1)?.messages).toHaveLength(2);
  expect(asked()?.images).toBeUndefined();
});

test("a model that is known to be blind is not shown pictures, and I am told which one sees", async () => {
  room = await openRoom();
  room.models = [
    { id: "small", readsImages: false },
    { id: "large", readsImages: true },
  ];
  room.files.set("cat.png", png);
  const attachments = [sent("image", "cat.png")];
  expect(await room.ask({ text: "", attachments })).toBe("`small` cannot see pictures; `/model large` can.");
  expect(room.prompts).toEqual([]);
  expect(await room.ask({ text: "why is the sky blue?", attachments })).toBe(
    "I see.\n\n*(`small` cannot see pictures; `/model large` can.)*",
  );
  expect(asked()?.images).toBeUndefined();
  expect(room.fetched).toEqual([]);
});

test("I am told when the server refused the pictures", async () => {
  room = await openRoom();
  room.files.set("cat.png", png);
  room.answer = async function* () {
    yield { text: "I see nothing." };
    yield { end: "complete", model: "small", imagesRefused: true };
  };
  expect(await room.ask({ text: "", attachments: [sent("image", "cat.png")] })).toContain(
    "small was not able to see the pictures",
  );
  expect(await room.ask({ text: "never mind" })).toBe("I see nothing.");
});

test("I send a text file, and the model reads it, fenced, before my question", async () => {
  room = await openRoom();
  room.files.set("notes.md", bytes("# Notes\n```js\n1\n```\n"));
  await room.ask({ text: "sum up", attachments: [sent("document", "notes.md")] });
  expect(asked()?.content).toBe("[sent a file: notes.md]\n````\n# Notes\n```js\n1\n```\n````\n\nsum up");
  await room.ask({ text: "and?" });
  expect(room.prompts.at(-1)?.messages[1]?.content).toContain("# Notes");
  expect(room.fetched).toEqual(["notes.md"]);
});

test("of a long file the model reads the beginning, and both of us know", async () => {
  room = await openRoom({ limits: { contextTokensMax: 1_000 } });
  room.files.set("long.txt", bytes("many words ".repeat(1_000)));
  expect(await room.ask({ text: "sum up", attachments: [sent("document", "long.txt")] })).toBe(
    "I see.\n\n*(`long.txt` is long: I have read its beginning only.)*",
  );
  expect(asked()?.content).toContain("[It goes on; this is its beginning.]");
  expect(asked()?.content.length).toBeLessThan(2_500);
});

test("I speak, and see above the answer what was heard", async () => {
  room = await openRoom({ transcriber: ear() });
  room.files.set("voice", bytes("what is\nthe time?"));
  expect(await room.ask({ text: "", attachments: [sent("voice", "voice")] })).toBe(
    "> 🎤 what is\n> the time?\n\nI see.",
  );
  expect(asked()?.content).toBe("[sent a voice message] what is\nthe time?");
  await room.ask({ text: "thanks" });
  expect(
    room.prompts
      .at(-1)
      ?.messages.map(({ content }) => content)
      .slice(1),
  ).toEqual(["[sent a voice message] what is\nthe time?", "I see.", "thanks"]);
});

test("what was heard once is not paid for again when the AI fails in between", async () => {
  const heard: Sound[] = [];
  room = await openRoom({ transcriber: ear(heard) });
  room.files.set("voice", bytes("hello"));
  const answer = room.answer;
  room.answer = () => {
    room.answer = answer;
    throw new AiError("unavailable", "away for a moment");
  };
  expect(await room.ask({ text: "", attachments: [sent("voice", "voice")] })).toBe("> 🎤 hello\n\nI see.");
  expect(room.prompts).toHaveLength(2);
  expect(heard).toHaveLength(1);
});

test.each([
  ["a voice message, where nobody can listen", "voice", "I cannot listen to voice messages here; please write."],
  ["a video", "video", "I can read text, pictures, PDFs and other files that hold text, but not this."],
  ["a sticker", "other", "I can read text, pictures, PDFs and other files that hold text, but not this."],
  [
    "a file that is no text",
    "document",
    "I cannot read this kind of file: `it`. Text, PDF, PNG, JPEG, WebP and GIF I can.",
  ],
  [
    "a picture of a format that no model reads",
    "image",
    "I cannot read this kind of file: `it`. Text, PDF, PNG, JPEG, WebP and GIF I can.",
  ],
] as const)("for %s alone I get one clear line, and the AI is not asked", async (_, kind, line) => {
  room = await openRoom();
  room.files.set("it", new Uint8Array([0, 1, 2]));
  expect(await room.ask({ text: "", attachments: [sent(kind, "it")] })).toBe(line);
  expect(room.prompts).toEqual([]);
  await room.ask({ text: "did you get it?" });
  expect(asked()?.content).toMatch(/^\[sent [^\]]*\]\n\ndid you get it\?$/);
});

test("a sticker beside a question is no matter for a complaint; a video that I ask about is, and a file that is gone", async () => {
  room = await openRoom();
  expect(await room.ask({ text: "why?", attachments: [sent("other", "sticker 🙃")] })).toBe("I see.");
  expect(await room.ask({ text: "what happens here?", attachments: [sent("video", "a.mp4")] })).toBe(
    "I see.\n\n*(I can read text, pictures, PDFs and other files that hold text, but not this.)*",
  );
  expect(await room.ask({ text: "why?", attachments: [sent("document", "a.txt")] })).toBe(
    "I see.\n\n*(I could not get `a.txt`. Please send it again.)*",
  );
  expect(room.failures).toEqual(["fetching what was sent"]);
});

test("a file that cannot be fetched right now is waited for, but not for ever", async () => {
  room = await openRoom({ limits: { attachmentPatienceMs: 2_000 } });
  room.files.set("a.txt", new ChannelError("the platform is busy", { retryable: true, retryAfterMs: 10 }));
  const asking = room.ask({ text: "sum up", attachments: [sent("document", "a.txt")] });
  expect(await asking).toContain("I could not get `a.txt`.");
  expect(room.fetched.length).toBeGreaterThan(1);
});

test("what I quote and pass on is read as well", async () => {
  room = await openRoom({ transcriber: ear() });
  room.files.set("cat.png", png);
  room.files.set("voice", bytes("see you at eight"));
  await room.ask({
    text: "when, and who is that?",
    replyTo: { author: "Bob", text: "", attachments: [sent("image", "cat.png")] },
    forwarded: [{ author: "Carol", text: "", attachments: [sent("voice", "voice")] }],
  });
  expect(asked()).toEqual({
    role: "user",
    content:
      "In reply to Bob:\n> [sent a picture: cat.png]\n\nForwarded from Carol:\n> [sent a voice message] see you at eight\n\nwhen, and who is that?",
    images: [image],
  });
});

test("I stop it while it listens", async () => {
  const listening = Promise.withResolvers<void>();
  room = await openRoom({
    transcriber: {
      transcribe: (_, signal) =>
        new Promise((_, reject) => {
          listening.resolve();
          signal.addEventListener("abort", () => reject(signal.reason));
        }),
    },
  });
  room.files.set("voice", bytes("hello"));
  const asking = room.ask({ text: "", attachments: [sent("voice", "voice")] });
  await listening.promise;
  await room.ask({ text: "/stop" });
  await asking;
  expect(room.prompts).toEqual([]);
});
