"use strict";
// Buttons that copy a command. Without this script they stay hidden, and the text can be selected.
const announcement = document.querySelector(".announcement");
for (const button of document.querySelectorAll("button.copy")) {
  const code = button.parentElement.querySelector("code");
  const say = (word) => {
    button.textContent = word;
    announcement.textContent = word + ": " + code.textContent;
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  };
  const select = () => {
    getSelection().selectAllChildren(code);
    say("Selected");
  };
  button.hidden = false;
  button.addEventListener("click", () => {
    if (!navigator.clipboard) return select();
    navigator.clipboard.writeText(code.textContent).then(() => say("Copied"), select);
  });
}
// Paper shows what a fold hides.
addEventListener("beforeprint", () => {
  for (const fold of document.querySelectorAll("details")) fold.open = true;
});
