// The stream of events: open, replay, silence, and saying plainly when the line is gone.
const SILENT_AFTER = 30000;
const AGAIN_AFTER = 2000;

export function follow(handlers) {
  let last = document.querySelector("meta[name='events-after']").content;
  let source = null;
  let heard = performance.now();
  let again = 0;

  const live = (state) => {
    document.documentElement.dataset.live = state;
    document.getElementById("lost").hidden = state === "open";
  };
  const hear = () => { heard = performance.now(); };

  function lost() {
    live("lost");
    if (source.readyState === EventSource.CLOSED) reopenSoon();
  }
  function reopenSoon() {
    source.close();
    clearTimeout(again);
    again = setTimeout(open, AGAIN_AFTER);
  }
  function open() {
    hear();
    source = new EventSource(`/events?after=${last}`);
    source.onopen = () => { hear(); live("open"); };
    source.onerror = lost;
    source.addEventListener("ping", hear);
    source.addEventListener("reload", () => location.reload());
    for (const [kind, handle] of Object.entries(handlers)) {
      source.addEventListener(kind, (event) => {
        hear();
        if (event.lastEventId) last = event.lastEventId;
        handle(JSON.parse(event.data));
      });
    }
  }

  open();
  setInterval(() => {
    if (performance.now() - heard > SILENT_AFTER) { live("lost"); hear(); reopenSoon(); }
  }, 1000);
}
