// The other language, on every page but the board, which has its own button. A page that answered a form is asked for anew.
import { otherAt } from "./words.js";

const button = document.querySelector(".bar [data-action='language']");
button.addEventListener("click", () => otherAt(button.dataset.at || location.href));
