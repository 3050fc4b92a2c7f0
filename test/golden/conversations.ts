/** What is said, and what the AI answers to it: by the beginning of what is said. */
export const answers: Readonly<Record<string, string>> = {
  Hello: "Hello Ada! What shall we **talk** about?",
  Explain: String.raw`# Orbits

A planet moves on an **ellipse**, *not* a circle, with the ~~earth~~ sun in a focus.

1. The third law: $T^2 \propto a^3$
2. The speed: \(v = \sqrt{\frac{GM}{r}}\)
   - in *metres*, or ***faster***

- [x] read
- [ ] understood

> Quoted,
> > and quoted again.

| Planet | Years |
|:--|--:|
| Mars 火星 | 1.88 |
| **Venus** | 0.62 |

| Planet | What it is known for | Moons |
|---|---|---|
| Jupiter | The largest, with a [red spot](https://example.org/spot) | 95 |
| Saturn | Rings, which can be seen with any telescope | 146 |

\[
\begin{aligned}
E &= mc^2 \\
F &\le \sum_{i=1}^{n} f_i
\end{aligned}
\]

$$\begin{pmatrix} a & b \\ c & d \end{pmatrix}$$

||Pluto|| is none any more.[^1] A telescope costs $50 or $100. <b>HTML</b> is text, and [this](javascript:alert) no link.
![A picture](https://example.org/mars.png)

---

[^1]: Since 2006.`,
  Write: [
    "Here it is:",
    "",
    "```ts",
    "export function greet(name: string): string {",
    "  return `Hello **${name}**!`;",
    "}",
    "```",
    "",
    'Call it with `greet("Ada")`.',
  ].join("\n"),
  Tell: Array.from(
    { length: 150 },
    (_, n) => `${n + 1}. Chapter ${n + 1}: ${"and so it went on ".repeat(7).trim()}.`,
  ).join("\n"),
  Count: "**One, two and three**, then `four and five`, [six and seven](https://example.org/7) and ||eight and nine||.",
  Which: "The **second** one.",
  Capital: "It is **Paris**.",
  "The capital of Spain": "It is **Madrid**.",
};

/** What the AI says when it is asked the same again. */
export const secondThoughts: Readonly<Record<string, string>> = { "The capital of Spain": "Madrid, since 1561." };
