// Signs, drawn: no font has them all.

const PATHS: Readonly<Record<string, string>> = {
  file: "M4 1.5h5L12.5 5v9.5h-8.5zM9 1.5V5h3.5",
  selection: "M2 4h12M2 8h7M2 12h12M11 6.5l2.5 1.5-2.5 1.5z",
  problems: "M8 2l6.5 11.5h-13zM8 6.5v3.5M8 11.8v.2",
  sees: "M1.5 8S4 3.5 8 3.5 14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8zM8 6.2a1.8 1.8 0 1 1 0 3.6 1.8 1.8 0 0 1 0-3.6z",
  blind: "M1.5 8S4 3.5 8 3.5 14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8zM2.5 13.5l11-11",
  terminal: "M2 3h12v10H2zM4.5 6l2 2-2 2M8.5 10h3",
  picture: "M2 3h12v10H2zM2 11l3.5-4 3 3 2-2 3.5 3.5M10.5 6v.1",
  more: "M8 3v10M3 8h10",
  diff: "M2.5 2.5h11v11h-11zM8 2.5v11M4 6h2M10 5v2M9 6h2M10 10.5h1.5M4.2 10.5h2",
  open: "M9.5 2.5h4v4M13.5 2.5L7.5 8.5M12 9v4.5H2.5V4H7",
  all: "M2 4h12M2 8h12M2 12h12",
  text: "M2.5 4h11M2.5 7h11M2.5 10h7",
  send: "M2 2.5l12 5.5-12 5.5 2-5.5zM4 8h5",
  stop: "M4 4h8v8H4z",
  copy: "M5.5 5.5h8v8h-8zM3 10.5h-.5v-8h8V3",
  again: "M13 8a5 5 0 1 1-1.5-3.5M13 2v3h-3",
  edit: "M3 13l1-3.5 7-7 2.5 2.5-7 7zM9.5 4L12 6.5",
  fork: "M4.5 2v5a3 3 0 0 0 3 3h1a3 3 0 0 0 3-3V2M8 10v4M3 3.5l1.5-1.5L6 3.5M10 3.5L11.5 2 13 3.5",
  down: "M8 3v10M4 9l4 4 4-4",
  close: "M4 4l8 8M12 4l-8 8",
  bin: "M3 4.5h10M6.5 4.5v-2h3v2M4.5 4.5l.6 9h5.8l.6-9",
  writing: "M3 8h.1M8 8h.1M13 8h.1",
  ready: "M8 3.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9z",
  asks: "M5.5 6a2.5 2.5 0 1 1 3.6 2.2c-.8.4-1.1.9-1.1 1.8M8 12.4v.1",
  runs: "M5 3.5l7 4.5-7 4.5z",
  done: "M3 8.5l3.5 3.5L13 4.5",
  failed: "M4 4l8 8M12 4l-8 8",
  denied: "M8 2.5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11zM4.2 4.2l7.6 7.6",
};

const SPACE = "http://www.w3.org/2000/svg";

export function icon(name: string): SVGElement {
  const svg = document.createElementNS(SPACE, "svg");
  const attributes = { viewBox: "0 0 16 16", width: "16", height: "16", class: `icon icon-${name}`, "aria-hidden": "true" };
  for (const [key, value] of Object.entries(attributes)) {
    svg.setAttribute(key, value);
  }
  const path = document.createElementNS(SPACE, "path");
  path.setAttribute("d", PATHS[name] ?? PATHS["text"] ?? "");
  svg.append(path);
  return svg;
}
