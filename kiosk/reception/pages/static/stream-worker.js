// The worker that all tabs of the board share: a browser opens six connections to one server, and a desk has many tabs.
import { Line } from "./line.js";

const ROOM = 1000;
const tabs = new Set();
let past = [];
let floor = 0;
let state = { what: "connecting" };

const line = new Line((message) => {
  if (message.what === "live" || message.what === "lost") state = message;
  if (message.id) {
    past.push(message);
    if (past.length > ROOM) floor = past.shift().id;
  }
  for (const tab of tabs) tab.postMessage(message);
});

self.onconnect = ({ ports: [tab] }) => {
  tab.onmessage = ({ data }) => {
    if (data.what === "leave") { tabs.delete(tab); return; }
    join(tab, data.after);
  };
};

function join(tab, after) {
  tabs.add(tab);
  if (!line.runs) {
    past = [];
    floor = after;
    line.open(after);
    return;
  }
  if (after < floor) { tab.postMessage({ what: "reload" }); return; }
  for (const message of past) if (message.id > after) tab.postMessage(message);
  tab.postMessage(state);
}
