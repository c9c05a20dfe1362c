// The search page: what was typed is ready to be typed over.
const box = document.querySelector(".find [name=q]");
box.focus();
box.select();
