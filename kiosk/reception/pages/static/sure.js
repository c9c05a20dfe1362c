// A button that acts at its second press: no dialog, which would stop the stream and its sounds while it stands.
import { said } from "./words.js";

const WITHIN = 5000;

export function sure(element, question) {
  if (element.dataset.asked) return true;
  const before = element.textContent;
  element.dataset.asked = "yes";
  element.textContent = said(question);
  setTimeout(() => { delete element.dataset.asked; element.textContent = before; }, WITHIN);
  return false;
}
