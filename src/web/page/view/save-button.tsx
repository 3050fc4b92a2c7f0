import type { ChatReply } from "../../../channels/web-chat/api.ts";

/** Saves a file that came with an answer. As bytes, whatever it calls itself: nothing of it is ever opened here. */
export function SaveButton({ file }: { file: NonNullable<ChatReply["file"]> }) {
  function save(): void {
    const url = URL.createObjectURL(new Blob([file.text], { type: "application/octet-stream" }));
    const link = document.createElement("a");
    link.href = url;
    link.download = file.name;
    link.click();
    URL.revokeObjectURL(url);
  }
  return (
    <button type="button" class="save" data-testid="save" onClick={save}>
      Save {file.name}
    </button>
  );
}
