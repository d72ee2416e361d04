// The other faces: the editor's own Chat view, its models for other extensions, the page as an editor, the commands.
import assert from "node:assert/strict";
import { test } from "node:test";
import { answers, closeAll, counts, documentText, ended, goOn, holds, pressed, show, shows, type Window } from "./steps.ts";

/** Ask in the Chat view. What completes a name there would take Enter for itself: so no name is typed. */
async function say(d: ReturnType<Window>, words: string): Promise<void> {
  await d.run(`await vscode.commands.executeCommand("workbench.action.chat.open", { query: ${JSON.stringify(`@chatls ${words}`)}, isPartialQuery: true })`);
  const lines = ".interactive-session .interactive-input-editor .view-lines";
  await d.page.locator(lines, { hasText: words }).first().waitFor();
  await d.page.locator(".interactive-session .interactive-input-editor .monaco-editor.focused").first().waitFor();
  await pressed(d, "Enter", () => d.page.evaluate(`!document.querySelector("${lines}").innerText.includes(${JSON.stringify(words.slice(-4))})`));
}

/** Play it, and wait until the editor knows the model that does. */
async function plays(d: ReturnType<Window>, ...given: Parameters<ReturnType<Window>["play"]>): Promise<void> {
  await d.play(...given);
  await d.until("return (await vscode.lm.selectChatModels({ vendor: 'chatls' }))[0]?.id === parts.daemon.usualModel");
}

export function faceTests(window: Window): void {
  test("proposed API throws here as it does in VS Code, so that none is used by accident", async () => {
    const message = await window().run<string>(`
      try { vscode.chat.registerChatSessionItemProvider("x", {}); return "it did not throw"; } catch (error) { return String(error); }`);
    assert.match(message, /CANNOT use API proposal|is not a function/);
  });

  test("in the Chat view @chatls answers with the daemon's model, and nobody has to sign in", async () => {
    const d = window();
    await closeAll(d);
    await plays(d, [[{ text: "Hello from the daemon." }]]);
    await say(d, "hello");
    await d.page.locator(".interactive-session >> text=Hello from the daemon.").first().waitFor();
    await d.picture("chat-view");
  });

  test("there, too, it asks before it changes, with the daemon's own answers", async () => {
    const d = window();
    await plays(d, [
      [{ toolCall: { name: "read_file", arguments: { path: "src/app.py" } } }],
      [{ toolCall: { name: "edit_file", arguments: { path: "src/app.py", edits: [{ old_text: '"hello"', new_text: '"good day"' }] } } }],
      [{ text: "It is polite now." }],
    ]);
    await say(d, "be polite");
    const allow = d.page.locator(".interactive-session .monaco-button:has-text('Allow once') >> visible=true");
    await allow.first().waitFor();
    await d.picture("chat-view-permission");
    await allow.first().click();
    await d.page.locator(".interactive-session >> text=It is polite now.").first().waitFor();
    assert.match(await documentText(d, "src/app.py"), /good day/);
  });

  test("a session of the Chat view is shown in the panel while it runs there, and goes on in either", async () => {
    const d = window();
    const gate = d.gate();
    await plays(d, [[{ text: "Otters hold hands. " }, { until: gate.path }, { text: "That is all." }], [{ text: "In the sea." }]], { chunkChars: 100 });
    await say(d, "about otters");
    await d.page.locator(".interactive-session >> text=Otters hold hands.").first().waitFor();
    await d.run(`
      const { sessions } = await parts.chats.list({ query: "", everywhere: false });
      parts.panels.show(await parts.chats.open(sessions.find(({ running }) => running === "here").sessionId));
      await vscode.commands.executeCommand("chatls.open");`);
    const frame = await d.chat();
    await shows(frame, "Otters hold hands.", ".answer");
    await frame.locator(".composer button[aria-label^=Stop]").waitFor();
    gate.open();
    await shows(frame, "That is all.", ".answer");
    await d.until("return parts.chats.active.turns.at(-1).view.stopReason === 'end_turn' && !parts.chats.active.isBusy");
    const before = await d.run<number>("return parts.chats.active.turns.length");
    await say(d, "and where?");
    await d.page.locator(".interactive-session >> text=In the sea.").first().waitFor();
    await d.run("await vscode.commands.executeCommand('chatls.open')");
    const anew = await d.chat();
    await shows(anew, "In the sea.", ".answer");
    await d.until(`return parts.chats.active.turns.length === ${before + 1} && !parts.chats.active.isBusy`);
    // Whoever asks is asked: the panel, now.
    await d.play([[{ toolCall: { name: "run_command", arguments: { command: "touch otters" } } }], [{ text: "Well." }]]);
    await goOn(d, "Touch them.");
    await answers(d, anew, ".option.reject");
    assert.equal((await ended(d)).stopReason, "end_turn");
  });

  test("other extensions can ask the models, without tools and without a session", async () => {
    const d = window();
    await plays(d, [[{ text: "Just words." }]]);
    const before = await d.run<number>("return parts.chats.all.length");
    const answer = await d.run<string>(`
      const [model] = await vscode.lm.selectChatModels({ vendor: "chatls" });
      const response = await model.sendRequest([vscode.LanguageModelChatMessage.User("hi")], {});
      let text = "";
      for await (const piece of response.text) text += piece;
      return text;`).catch((error: unknown) => String(error));
    assert.ok(answer.includes("Just words.") || /consent|permission|not allowed/i.test(answer), answer);
    assert.equal(await d.run("return parts.chats.all.length"), before);
  });

  test("the same page opens as an editor", async () => {
    const d = window();
    await d.play([[{ text: "Here as well." }]]);
    const frame = await d.ask("Where?");
    await ended(d);
    await shows(frame, "Here as well.", ".answer");
    await d.run("await vscode.commands.executeCommand('chatls.openInEditor')");
    await d.until("return parts.panels.all.length === 2");
    await d.until("return vscode.window.tabGroups.activeTabGroup.activeTab?.input instanceof vscode.TabInputWebview");
    await closeAll(d);
    await d.until("return parts.panels.all.length === 1");
  });

  test("sessions are listed, found and shown again", async () => {
    const d = window();
    await d.play([[{ text: "Remember the zebra." }]]);
    await d.ask("About zebras.");
    await ended(d);
    const frame = await d.ask("About lions.");
    await ended(d);
    await d.run("await vscode.commands.executeCommand('chatls.history')");
    await frame.locator(".history .session:has-text('About zebras.')").first().waitFor();
    await d.picture("history");
    await frame.locator(".history input[type=search]").fill("zebra");
    await counts(frame, ".history .session:has-text('Where?')", 0);
    await frame.locator(".history .session:has-text('About zebras.')").first().waitFor();
    await frame.locator(".history input[type=search]").fill("");
    // A row is the same one when the list is told anew: who presses it just then has pressed it.
    await frame.locator(".history .session:has-text('Where?')").first().waitFor();
    await frame.evaluate("globalThis.row = [...document.querySelectorAll('.history .session')].find((one) => one.textContent.includes('About zebras.'))");
    await d.run(`
      const { sessions } = await parts.chats.list({ query: "", everywhere: false });
      const { sessionId } = sessions.find(({ title }) => title === "Where?");
      await parts.daemon.request("chat/session/rename", { sessionId, title: "Whereabouts" });`);
    await shows(frame, "Whereabouts", ".history");
    await holds(frame, "globalThis.row.isConnected");
    await frame.locator(".history .session:has-text('About zebras.')").first().click();
    await d.until("return parts.chats.active.title === 'About zebras.'");
    await shows(frame, "About zebras.", ".said");
  });

  test("an empty chat offers the sessions of before, and what goes along is chosen from a menu by keys", async () => {
    const d = window();
    await show(d, "notes.txt");
    await d.run("await vscode.commands.executeCommand('chatls.newSession')");
    const frame = await d.chat();
    await frame.locator(".recent button:has-text('About lions.')").click();
    await d.until("return parts.chats.active.title === 'About lions.'");
    await frame.locator("button[aria-label='Attach']").press("ArrowDown");
    await frame.locator(".menu button >> nth=0").press("ArrowDown");
    await frame.locator(".menu button >> nth=1").press("Enter");
    await shows(frame, "notes.txt", ".composer .along");
    await frame.locator(".composer .along .sign-button").click();
    await closeAll(d);
  });
}
