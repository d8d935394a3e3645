// What a screen reader would stumble over, as sentences.
(() => {
  const faults = [];
  const all = (selector) => [...document.querySelectorAll(selector)];
  const one = (selector) => {
    if (all(selector).length !== 1) faults.push(`${all(selector).length} × ${selector}`);
  };
  ["h1", "main", "header", "footer", "title", "html[lang=en]"].forEach(one);
  let level = 0;
  for (const heading of all("h1, h2, h3, h4")) {
    const own = Number(heading.tagName[1]);
    if (own > level + 1) faults.push(`${heading.tagName} after H${level}: ${heading.textContent}`);
    if (!heading.textContent.trim()) faults.push(`an empty ${heading.tagName}`);
    level = own;
  }
  const ids = all("[id]").map((element) => element.id);
  if (new Set(ids).size !== ids.length) faults.push(`an id twice: ${ids}`);
  for (const section of all("section")) {
    const label = document.getElementById(section.getAttribute("aria-labelledby"));
    if (!label?.textContent.trim()) faults.push("a section without a name");
  }
  for (const drawing of all("svg")) {
    if (drawing.getAttribute("aria-hidden") !== "true") faults.push("a drawing is read out");
  }
  for (const link of all("a[href^='#']")) {
    if (!document.querySelector(link.getAttribute("href"))) faults.push(`${link} leads nowhere`);
  }
  for (const hop of all(".hop, .station.stops")) {
    if (!hop.querySelector(".verdict")?.textContent.trim()) faults.push("a hop is told by colour alone");
  }
  for (const control of all("button, summary")) {
    if (!control.textContent.trim()) faults.push(`a ${control.tagName} without words`);
  }
  if (all("form, iframe, img, link, object, embed, [style], [onclick], base").length) {
    faults.push("an element that the page has no use for");
  }
  return faults;
})()
