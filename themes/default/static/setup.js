// The first run: a country brings its time zone, currency, phones and language, as long as nobody chose otherwise.

export function start() {
  const form = document.querySelector("form[data-setup]");
  const country = form?.querySelector("[data-country]");
  if (!country) return;
  const chosen = new Set();
  form.addEventListener("change", (event) => {
    if (event.target !== country) return chosen.add(event.target.name);
    const option = country.selectedOptions[0];
    for (const name of ["zone", "currency", "region", "language"]) {
      const box = form.elements[name];
      const value = option.dataset[name];
      if (value && box && !chosen.has(name) && [...box.options].some((one) => one.value === value)) box.value = value;
    }
    return undefined;
  });
}
