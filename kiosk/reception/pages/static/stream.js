// This tab's end of the stream of events, and saying plainly when the line is gone.
import { Line } from "./line.js";

const SILENT_AFTER = 45000;

export function follow(handlers) {
  const root = document.documentElement;
  let last = Number(document.querySelector("meta[name='events-after']").content);
  let heard = performance.now();
  let join = () => {};

  const live = (state) => {
    root.dataset.live = state;
    document.getElementById("lost").hidden = state === "open";
  };
  function hear(message) {
    heard = performance.now();
    if (message.what === "live") live("open");
    else if (message.what === "lost") live("lost");
    else if (message.what === "reload") location.reload();
    else if (message.what === "signed_out") handlers.signed_out();
    else if (message.what === "event") happened(message);
  }
  function happened({ kind, flags, id }) {
    if (id && id <= last) return;
    if (id) last = id;
    handlers[kind](flags);
  }

  if ("SharedWorker" in window) {
    const worker = new SharedWorker("/static/stream-worker.js", { type: "module", name: "reception" });
    worker.port.onmessage = ({ data }) => hear(data);
    join = () => worker.port.postMessage({ what: "join", after: last });
    addEventListener("pagehide", () => worker.port.postMessage({ what: "leave" }));
    addEventListener("pageshow", (event) => { if (event.persisted) join(); });
  } else {
    const line = new Line(hear);
    join = () => line.open(last);
  }
  join();
  setInterval(() => {
    if (performance.now() - heard <= SILENT_AFTER) return;
    heard = performance.now();
    live("lost");
    join();
  }, 1000);
}
