import { deflateSync } from "node:zlib";

type PdfOptions = {
  /** Wants a password. */
  readonly isLocked?: boolean;
  /** Blanks that the first page unpacks to, before its text. */
  readonly bombBytes?: number;
};

/** A PDF with a page for each text, as simple as one can be. Lines are separated by \n; only Latin letters. */
export function writePdf(pages: readonly string[], { isLocked = false, bombBytes = 0 }: PdfOptions = {}): Uint8Array {
  const numberOf = (index: number) => 4 + 2 * index;
  const objects: (string | Buffer)[] = [
    "<< /Type /Catalog /Pages 2 0 R >>",
    `<< /Type /Pages /Kids [${pages.map((_, index) => `${numberOf(index)} 0 R`).join(" ")}] /Count ${pages.length} >>`,
    "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ...pages.flatMap((text, index) => [
      `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 300] /Contents ${numberOf(index) + 1} 0 R /Resources << /Font << /F1 3 0 R >> >> >>`,
      stream(Buffer.concat([Buffer.alloc(index === 0 ? bombBytes : 0, " "), Buffer.from(drawn(text), "latin1")])),
    ]),
  ];
  const parts = [Buffer.from("%PDF-1.4\n")];
  const offsets: number[] = [];
  const length = () => parts.reduce((sum, part) => sum + part.length, 0);
  for (const [index, object] of objects.entries()) {
    offsets.push(length());
    parts.push(Buffer.from(`${index + 1} 0 obj\n`), Buffer.from(object), Buffer.from("\nendobj\n"));
  }
  const startOfTable = length();
  const rows = offsets.map((offset) => `${String(offset).padStart(10, "0")} 00000 n \n`).join("");
  const word = "ab".repeat(32);
  const lock = isLocked
    ? ` /Encrypt << /Filter /Standard /V 1 /R 2 /O <${word}> /U <${word}> /P -1 >> /ID [<00> <00>]`
    : "";
  const table = `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${rows}`;
  parts.push(
    Buffer.from(
      `${table}trailer << /Size ${objects.length + 1} /Root 1 0 R${lock} >>\nstartxref\n${startOfTable}\n%%EOF`,
    ),
  );
  return Buffer.concat(parts);
}

function stream(content: Buffer): Buffer {
  const packed = deflateSync(content);
  return Buffer.concat([
    Buffer.from(`<< /Length ${packed.length} /Filter /FlateDecode >>\nstream\n`),
    packed,
    Buffer.from("\nendstream"),
  ]);
}

function drawn(text: string): string {
  if (!text) return "";
  const lines = text.split("\n").map((line) => `(${line.replaceAll(/[\\()]/g, "\\$&")}) Tj T*`);
  return `BT /F1 12 Tf 20 250 Td 14 TL ${lines.join(" ")} ET`;
}
