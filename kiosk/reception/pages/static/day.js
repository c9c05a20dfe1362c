// The day's page: the printer is asked for by the button, for the browser's own menu is hard to find.
document.getElementById("print").addEventListener("click", () => print());
