// The search: all words of the question in one section. The index is fetched with the first letter; a page from a disk may not
// fetch, so it is a script.
"use strict";
{
  const MOST = 20;
  const field = document.getElementById("search");
  const place = document.getElementById("found");
  let index = null;

  window.found = (sections) => {
    index = sections.map(([address, page, title, text]) => ({ address, page, title, text, all: `${page} ${title} ${text}`.toLowerCase() }));
    search();
  };

  const load = () => {
    if (index) return;
    index = [];
    const script = document.createElement("script");
    script.src = `${field.dataset.up}index.js`;
    document.head.append(script);
  };

  const count = (text, word) => text.split(word).length - 1;

  const worth = (section, words) =>
    words.reduce((sum, word) => {
      const title = section.title.toLowerCase().includes(word) ? 20 : 0;
      const page = section.page.toLowerCase().includes(word) ? 5 : 0;
      return sum + title + page + Math.min(count(section.all, word), 5);
    }, 0);

  const around = (section, word) => {
    const at = Math.max(0, section.text.toLowerCase().indexOf(word) - 40);
    return (at ? "… " : "") + section.text.slice(at, at + 140);
  };

  const search = () => {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    place.replaceChildren();
    if (!words.length || !index) return;
    const hits = index.filter((section) => words.every((word) => section.all.includes(word)));
    hits.sort((a, b) => worth(b, words) - worth(a, words));
    for (const section of hits.slice(0, MOST)) {
      const link = document.createElement("a");
      link.href = field.dataset.up + section.address;
      const title = document.createElement("b");
      title.textContent = section.title && section.title !== section.page ? `${section.page}: ${section.title}` : section.page;
      link.append(title, around(section, words[0]));
      place.append(link);
    }
    if (!hits.length) place.textContent = "Nothing has all of these words.";
  };

  field.addEventListener("input", () => { load(); search(); });
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && document.activeElement !== field) { event.preventDefault(); field.focus(); }
  });
}
