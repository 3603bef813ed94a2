// Runs before the page is drawn, so that nothing jumps: says that scripts run, and whether the menu is folded.
document.documentElement.classList.add("scripted");
try {
  if (localStorage.getItem("parlour.nav") === "folded") document.documentElement.classList.add("nav-folded");
} catch {
  // A browser that keeps nothing shows the menu unfolded.
}
