// The page: takes what the extension says, and puts the parts together.

import type { ToPage } from "../src/messages.ts";
import { Composer } from "./composer.ts";
import { Head } from "./head.ts";
import { History } from "./history.ts";
import { tell } from "./host.ts";
import { addressOf } from "./markdown.ts";
import { Questions } from "./questions.ts";
import { Turns } from "./turns.ts";
import { Welcome } from "./welcome.ts";

const head = new Head();
const turns = new Turns();
const questions = new Questions();
const composer = new Composer();
const history = new History();
const welcome = new Welcome();

document
  .getElementById("page")
  ?.append(head.element, turns.element, turns.toEnd, welcome.element, questions.element, composer.element, turns.spoken, history.element);
history.element.addEventListener("close", () => composer.focus());

function take(message: ToPage): void {
  switch (message.type) {
    case "state":
      turns.reset(message.turns);
      questions.clear();
      message.questions.forEach((asked) => questions.set(asked));
      message.forms.forEach((asked) => questions.setForm(asked));
      composer.attach(message.attachments);
      take({ type: "chrome", chrome: message.chrome });
      return;
    case "chrome":
      head.set(message.chrome);
      composer.set(message.chrome);
      welcome.bare = message.chrome.bare;
      document.body.classList.toggle("has-sessions", message.chrome.features.sessions);
      document.body.classList.toggle("trusted", message.chrome.trusted);
      document.body.classList.toggle("elsewhere", message.chrome.elsewhere);
      break;
    case "turn":
      turns.add(message.turn);
      break;
    case "cut":
      turns.cut(message.from);
      break;
    case "events":
      turns.events(message.turn, message.events);
      return;
    case "ended":
      turns.ended(message.turn, message.result, message.error);
      break;
    default:
      other(message);
  }
  welcome.set(turns.isEmpty);
  turns.element.hidden = turns.isEmpty;
  turns.toEnd.hidden ||= turns.isEmpty;
  composer.remember(turns.words);
}

function other(message: ToPage): void {
  switch (message.type) {
    case "question":
      questions.set(message.asked);
      turns.scrollToEnd();
      turns.spoken.textContent = `A question waits for you: ${message.asked.question.title}`;
      // Who writes is not interrupted: the next key would be an answer.
      if (document.hasFocus() && composer.isEmpty && !message.asked.editing) {
        questions.focus();
      }
      break;
    case "form":
      questions.setForm(message.asked);
      turns.scrollToEnd();
      turns.spoken.textContent = `${message.asked.form.server} asks you: ${message.asked.form.message}`;
      if (document.hasFocus() && composer.isEmpty) {
        questions.focus();
      }
      break;
    case "withdrawn":
      questions.withdraw(message.id);
      break;
    case "attachments":
      composer.attach(message.attachments);
      break;
    case "completions":
      composer.complete(message.query, message.files, message.names);
      break;
    case "sessions":
      history.show(message.wanted, message.sessions, message.cursor);
      break;
    case "stale":
      history.refresh();
      welcome.refresh();
      break;
    case "recent":
      welcome.recent(message.sessions);
      break;
    case "draft":
      composer.write(message.text);
      break;
    case "focus":
      if (message.what === "history") {
        history.open();
      } else if (message.what === "list" && history.element.open) {
        history.focus();
      } else if (message.what === "prompt" || message.what === "list" || !questions.focus()) {
        composer.focus();
      }
      break;
    default:
  }
}

function follow(event: Event): void {
  const address = event.target instanceof Element ? addressOf(event.target.closest(".leads")) : undefined;
  if (address !== undefined) {
    event.preventDefault();
    event.stopPropagation();
    tell({ type: "open", href: address });
  }
}

addEventListener("message", (event: MessageEvent<ToPage>) => take(event.data));
document.addEventListener("click", follow, true);
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target instanceof Element && event.target.matches(".leads")) {
    follow(event);
  } else if (event.key === "Escape" && composer.chrome?.running === true && !history.element.open) {
    event.preventDefault();
    tell({ type: "stop" });
  }
});

/** A key that the editor waits for, behind the first one of two, is no letter of a prompt. */
const CHORD_MS = 3000;
let chord = Number.NEGATIVE_INFINITY;
document.addEventListener(
  "keydown",
  (event) => {
    const first = (event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "k";
    if (!first && event.key.length === 1 && event.timeStamp - chord < CHORD_MS) {
      event.preventDefault();
      event.stopPropagation();
    }
    chord = first ? event.timeStamp : event.key.length === 1 ? Number.NEGATIVE_INFINITY : chord;
  },
  true,
);
tell({ type: "ready" });
