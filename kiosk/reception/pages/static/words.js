// What scripts say by themselves, Japanese first; everything else comes from the server in the page's language.
const english = document.documentElement.lang === "en";
const WORDS = {
  board: ["受付ボード", "Reception board"],
  again: ["再受付", "Came again"],
  arrived: ["新しい受付", "New check-in"],
  sound: ["音", "Sound"],
  silent: ["音なし", "Silent"],
  hide: ["氏名を隠す", "Hide names"],
  show: ["氏名を表示", "Show names"],
  take: ["対応中にしました", "taken"],
  finish: ["済にしました", "finished"],
  of: [" を", " "],
  left: ["残り ", "left "],
  unreachable: ["受付サーバーにつながりません。もう一度押してください。", "Reception cannot be reached. Press again."],
  idle: ["続けるには、右上からサインインしてください。", "Sign in (top right) to go on."],
  restart: ["もう一度押すと再起動", "Press again to restart"],
  arrival: ["新しい受付が届きました", "Somebody has checked in"],
  help: ["受付機で呼び出しがあります", "Somebody calls at a kiosk"],
  trouble: ["受付機か受付に障害があります", "A kiosk or reception is in trouble"],
  asking: ["照会しています…", "Looking up…"],
  look_up: ["照会する", "Look up"],
  look_up_all: ["まとめて照会する", "Look up all"],
  rows: ["件", " rows"],
  seconds: ["秒", " s"],
  passkey_cancelled: ["パスキーの操作が取り消されました。もう一度押してください。", "The passkey was cancelled. Press again."],
};

export const said = (key) => WORDS[key][english ? 1 : 0];

// The other language, for this browser; the cookie says nothing but that.
export const other = () => otherAt(location.href);

// The same, going on at another address.
export function otherAt(at) {
  document.cookie = `reception_language=${english ? "ja" : "en"}; path=/; max-age=31536000; samesite=strict`;
  location.replace(at);
}
