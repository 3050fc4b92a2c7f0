import { expect, test } from "vitest";
import { documentReader } from "../../src/documents/document-reader.ts";
import { pdfLimits } from "../../src/documents/read-pdf.ts";
import { writePdf } from "./write-pdf.ts";

const signal = new AbortController().signal;
const read = (bytes: Uint8Array, charsMax = 1_000) => documentReader().read({ name: "file", bytes }, charsMax, signal);
const utf8 = (text: string) => new TextEncoder().encode(text);
const text = (words: string, isCut = false) => ({ kind: "text", text: words, isCut });
const unread = (because: string) => ({ kind: "unread", because });

test.each([
  ["UTF-8", utf8("Grüße, 世界 😀\n"), text("Grüße, 世界 😀\n")],
  ["UTF-8 with its mark, and the line ends of Windows", utf8("\uFEFFa\r\nb"), text("a\nb")],
  ["UTF-16, little end first", new Uint8Array([0xff, 0xfe, 0x61, 0, 0x16, 0x4e]), text("a世")],
  ["UTF-16, big end first", new Uint8Array([0xfe, 0xff, 0, 0x61, 0x4e, 0x16]), text("a世")],
  ["Windows-1252", new Uint8Array([0x63, 0x61, 0x66, 0xe9, 0x3b, 0x31]), text("café;1")],
  ["an archive", utf8("PK\u0003\u0004\0\0"), unread("format")],
  ["noise", Uint8Array.from({ length: 300 }, (_, index) => 255 - (index % 200)), unread("format")],
  ["nothing", new Uint8Array(), unread("wordless")],
  ["blanks", utf8(" \n\t"), unread("wordless")],
])("%s", async (_, bytes, content) => expect(await read(bytes)).toEqual(content));

test("of a long file the beginning is read, and no character is torn", async () => {
  expect(await read(utf8("0123456789"), 4)).toEqual(text("0123", true));
  expect(await read(utf8("世界世界世界"), 3)).toEqual(text("世界世", true));
});

test.each([
  [
    "a PDF of two pages",
    writePdf(["Hello (world)\nsecond line", "page two"]),
    text("Hello (world)\nsecond line\n\npage two"),
  ],
  ["a PDF without text, such as a scan", writePdf([""]), unread("wordless")],
  ["a PDF with a password", writePdf(["secret"], { isLocked: true }), unread("locked")],
  ["half a PDF that is only its mark", utf8("%PDF-1.4\nand nothing more"), unread("broken")],
])("%s", async (_, bytes, content) => expect(await read(bytes)).toEqual(content));

test("of a long PDF the beginning is read", async () => {
  const pages = Array.from({ length: 30 }, (_, index) => `This is page ${index + 1}`);
  expect(await read(writePdf(pages), 20)).toEqual(text("This is page 1\n\nThis", true));
});

test("a PDF that unpacks to more than a reader may hold is given up, and the next one is read", async () => {
  const reader = documentReader({ ...pdfLimits, unpackedBytesMax: 60_000_000, lookMs: 5 });
  const bomb = { name: "bomb.pdf", bytes: writePdf(["boom"], { bombBytes: 200_000_000 }) };
  expect(bomb.bytes.length).toBeLessThan(300_000);
  const plain = { name: "plain.pdf", bytes: writePdf(["plain"]) };
  expect(await Promise.all([reader.read(bomb, 1_000, signal), reader.read(plain, 1_000, signal)])).toEqual([
    unread("broken"),
    text("plain"),
  ]);
});

test("a PDF that takes too long is given up; when I stop, nothing is waited for", async () => {
  const file = { name: "slow.pdf", bytes: writePdf(["slow"]) };
  expect(await documentReader({ ...pdfLimits, timeMs: 1 }).read(file, 1_000, signal)).toEqual(unread("broken"));
  const reader = documentReader();
  const stopping = new AbortController();
  const reading = [reader.read(file, 1_000, stopping.signal), reader.read(file, 1_000, stopping.signal)];
  stopping.abort("stopped");
  expect(await Promise.allSettled(reading)).toMatchObject([{ reason: "stopped" }, { reason: "stopped" }]);
});
