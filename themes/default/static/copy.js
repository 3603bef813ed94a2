// Buttons that copy a text of the page. Where the browser lets nothing be copied they stay away: the text can be marked by hand.

const SHOWN = 2000;

function arm(button) {
  if (!navigator.clipboard) return;
  const words = button.querySelector("span");
  const usual = words.textContent;
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    } catch {
      return; // the person has not allowed it
    }
    words.textContent = button.dataset.done;
    setTimeout(() => (words.textContent = usual), SHOWN);
  });
}

export function start(root = document) {
  root.querySelectorAll("[data-copy]").forEach(arm);
}
