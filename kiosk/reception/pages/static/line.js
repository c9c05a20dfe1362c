// One stream of events from the door: opened, replayed from where it broke off, taken for lost after silence.
// Runs in the worker that all tabs share, or in the page where there is none.
const SILENT_AFTER = 30000;
const AGAIN_AFTER = 2000;
export const KINDS = ["checkin", "help", "kiosk", "reader", "trouble", "command"];

export class Line {
  constructor(tell) {
    this.tell = tell;
    this.last = 0;
    this.source = null;
    setInterval(() => this.listen(), 1000);
  }

  get runs() { return this.source !== null; }

  open(after) {
    this.last = after;
    this.connect();
  }

  connect() {
    clearTimeout(this.again);
    this.source?.close();
    this.heard = performance.now();
    const source = new EventSource(`/events?after=${this.last}`);
    this.source = source;
    source.onopen = () => { this.hear(); this.tell({ what: "live" }); };
    source.onerror = () => this.broken(source);
    source.addEventListener("ping", () => this.hear());
    source.addEventListener("reload", () => { this.end(); this.tell({ what: "reload" }); });
    source.addEventListener("signed_out", () => this.signedOut());
    for (const kind of KINDS) source.addEventListener(kind, (event) => this.event(kind, event));
  }

  event(kind, event) {
    this.hear();
    const id = Number(event.lastEventId);
    const lasting = id > this.last;
    if (lasting) this.last = id;
    this.tell({ what: "event", kind, flags: JSON.parse(event.data), id: lasting ? id : 0 });
  }

  hear() {
    this.heard = performance.now();
    this.tell({ what: "heard" });
  }

  listen() {
    if (this.source === null || performance.now() - this.heard <= SILENT_AFTER) return;
    this.tell({ what: "lost" });
    this.connect();
  }

  broken(source) {
    if (source !== this.source) return;
    this.tell({ what: "lost" });
    if (source.readyState !== EventSource.CLOSED) return;
    this.again = setTimeout(() => this.connect(), AGAIN_AFTER);
    this.stillSignedIn();
  }

  async stillSignedIn() {
    const answer = await fetch("/api/v1/me", { headers: { "x-automatic": "1" } }).catch(() => null);
    if (answer && answer.status === 401) this.signedOut();
  }

  signedOut() {
    this.end();
    this.tell({ what: "signed_out" });
  }

  end() {
    clearTimeout(this.again);
    this.source?.close();
    this.source = null;
  }
}
