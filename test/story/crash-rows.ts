import type { Failpoint } from "../../src/conversation/domain/failpoint.ts";
import type { Way } from "./crash-rooms.ts";

/** What happens in a room until the process dies there. */
export type Story = {
  readonly name: string;
  /** What is written. The second text follows when the first one's draft is shown. */
  readonly texts: readonly string[];
  /** Written and answered before. */
  readonly before?: string;
  /** The first text takes the place of what was written before, or only its answer the place of the other's. */
  readonly replaces?: "question" | "answer";
  /** How long the AI's answer is when it is asked the first time, the second time and so on, in parts of the platform. Absent: a sentence. */
  readonly answerParts?: readonly number[];
  /**
   * The AI is "silent", or begins "once-acknowledged"; a number: then says so many parts, and the rest when they are shown. Absent: it
   * answers at once.
   */
  readonly pace?: "silent" | "once-acknowledged" | number;
  /** How the AI, or the room, fails the first time. */
  readonly failure?: "cut" | "unauthorized" | "shut-out";
  /** What stands in the room for each text, where it is not what the AI said; without spaces and asterisks. */
  readonly replies?: readonly RegExp[];
  /** Who answers what is asked afterwards. */
  readonly model?: string;
};

export type Row = {
  readonly ways: readonly Way[];
  readonly story: Story;
  readonly name: Failpoint;
  /** The process dies when it passes for this time. */
  readonly times: number;
};

const plain: Story = { name: "a message", texts: ["Hello"] };
const silent: Story = { name: "a silent AI", texts: ["Hello"], pace: "silent" };
const acknowledged: Story = { name: "an acknowledged message", texts: ["Hello"], pace: "once-acknowledged" };
const growing: Story = { name: "a growing answer", texts: ["Tell"], answerParts: [0.3], pace: 0.1 };
const long: Story = { name: "an answer in three parts", texts: ["Tell"], answerParts: [2.5] };
const tooLong: Story = { name: "an answer that is a head and a file", texts: ["Tell"], answerParts: [6.5] };
const growingLong: Story = { ...long, name: "an answer that grows to two parts", pace: 1.4 };
const shrinking: Story = { ...growingLong, name: "an answer that is shorter the second time", answerParts: [2.5, 0.3] };
const reset: Story = {
  name: "/reset",
  before: "Remember",
  texts: ["/reset"],
  replies: [/^Conversationreset!Startingfresh\.$/],
};
const chooseModel: Story = {
  name: "/model",
  texts: ["/model other-model"],
  replies: [/^Modelsetto:other-model$/],
  model: "other-model",
};
const stop: Story = { ...growing, name: "/stop", texts: ["Tell", "/stop"], replies: [/\(stopped\)$/, /^Stopped\.$/] };
const edited: Story = { name: "an edit", before: "Tell", texts: ["Explain"], replaces: "question" };
const regenerated: Story = {
  name: "/regenerate",
  before: "Tell",
  texts: ["/regenerate"],
  replaces: "answer",
  replies: [/^Answer[23]toTellR\d+\.$/],
};
const failing: Story = { name: "an answer that breaks off", texts: ["Tell"], failure: "cut" };
const apologised: Story = {
  name: "an AI that refuses",
  texts: ["Tell"],
  failure: "unauthorized",
  replies: [/^⚠️TheAIrefusedthisbot’skey/],
};
const blocked: Story = { name: "a room that refuses", texts: ["Hello"], failure: "shut-out" };

/** Rooms of a platform can refuse, and show an answer in parts. */
const platforms: readonly Way[] = ["telegram by polling", "discord"];
const channels: readonly Way[] = ["web", ...platforms];
/** Where what grows leaves nothing behind. */
const fading: readonly Way[] = ["telegram with drafts that fade"];
/** A command's answer has its place from the start, and "thinking…" stands there. */
const byCommand: readonly Way[] = ["discord by command"];
/** Telegram's two ways differ until a message is acknowledged, and not after. */
const allWays: readonly Way[] = [...channels, "telegram by webhook"];

type Line = readonly [
  ways: readonly Way[],
  story: Story,
  ...points: readonly (Failpoint | readonly [Failpoint, number])[],
];

/** Every failpoint, in the stories where dying there leaves something else behind. */
const table: readonly Line[] = [
  [allWays, plain, "received", "permitted", "kept", "announced"],
  [channels, plain, "claimed", "attachments-read", "session-opened", "session-cached", "recorded", "prompt-built"],
  [channels, silent, "typing-due", "typing-shown"],
  [channels, acknowledged, "text-came", "text-ended", "written", "saved", "sending", "calling", "shown", "delivered"],
  [channels, growing, "draft-due", "draft-sent", "draft-noted"],
  [platforms, growing, ["calling", 2], "saved"],
  [platforms, long, ["calling", 2], ["calling", 3], "part-sent", ["part-sent", 2], ["part-noted", 2], "shown"],
  [platforms, tooLong, ["calling", 4], ["part-sent", 3], ["part-noted", 3], "shown"],
  // There a text becomes the file.
  [["telegram by polling"], tooLong, ["calling", 5], ["part-sent", 4], ["part-noted", 4]],
  [platforms, growingLong, "draft-sent", ["draft-sent", 2], ["draft-noted", 2]],
  [platforms, shrinking, ["draft-sent", 2], ["draft-noted", 2]],
  [fading, silent, "typing-due", "typing-shown"],
  [fading, growing, "draft-due", ["calling", 2], "saved", "shown"],
  [fading, growingLong, "draft-sent", "draft-noted", "saved"],
  [fading, stop, "saved"],
  [channels, reset, "command-run"],
  [channels, chooseModel, "command-run"],
  [channels, stop, ["kept", 2], "saved"],
  [platforms, edited, "place-taken", ["saved", 2]],
  [platforms, regenerated, "command-run", ["shown", 2]],
  [channels, failing, "putting-back", "put-back"],
  [channels, apologised, "apology-saved"],
  [platforms, blocked, "parking", "parked"],
  [byCommand, plain, "received", "kept", "announced", "deferred", "claimed", "prompt-built"],
  [byCommand, acknowledged, "text-came", "saved", "calling", ["calling", 2], "shown", "delivered"],
  [byCommand, growing, "draft-sent", "draft-noted", ["calling", 2], "saved"],
  [byCommand, long, ["calling", 2], ["calling", 3], "part-sent", ["part-sent", 2], ["part-noted", 2], "shown"],
  [byCommand, growingLong, "draft-sent", ["draft-sent", 2], ["draft-noted", 2]],
  [byCommand, shrinking, ["draft-sent", 2]],
  [byCommand, failing, "put-back"],
  [byCommand, apologised, "apology-saved"],
];

/** The ways of each channel, and what it can never come to. */
export const channelWays: readonly { readonly ways: readonly Way[]; readonly never: readonly Failpoint[] }[] = [
  { ways: ["web"], never: ["deferred", "place-taken", "part-sent", "part-noted", "parking", "parked"] },
  { ways: ["telegram by polling"], never: ["deferred"] },
  { ways: ["discord", "discord by command"], never: [] },
];

const rows: readonly Row[] = table.flatMap(([ways, story, ...points]) =>
  points.map((point) => {
    const [name, times] = typeof point === "string" ? ([point, 1] as const) : point;
    return { ways, story, name, times };
  }),
);

export function rowsOf(way: Way): readonly Row[] {
  return rows.filter(({ ways }) => ways.includes(way));
}
