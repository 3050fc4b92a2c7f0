/** Keeps the page as high as what is really seen: on some phones the keyboard covers the page instead of shrinking it. */
export function fitViewport(): void {
  const viewport = window.visualViewport;
  if (!viewport) return;
  const fit = () => {
    if (viewport.scale > 1.01) return; // zoomed in by the fingers: not ours to undo
    document.documentElement.style.setProperty("--seen-height", `${viewport.height}px`);
    window.scrollTo(0, 0);
  };
  viewport.addEventListener("resize", fit);
  fit();
}
