// Short and low: two notes for an arrival, three for a call. Browsers keep a page silent until the first click or key.
let audio = null;
let quietUntil = 0;

export function arm() {
  if (audio) { if (audio.state === "suspended") audio.resume(); return; }
  audio = new AudioContext();
  const button = document.getElementById("sound");
  button.setAttribute("aria-pressed", "true");
  button.querySelector("span").textContent = "音あり";
  button.title = "押すと試し鳴らし";
}

export const arrival = () => play([330, 392]);
export const help = () => play([262, 262, 262]);
export const trial = () => { arm(); arrival(); };

function play(notes) {
  if (!audio || audio.state !== "running" || audio.currentTime < quietUntil) return;
  quietUntil = audio.currentTime + 1;
  notes.forEach((pitch, index) => {
    const begin = audio.currentTime + index * 0.17;
    const tone = audio.createOscillator();
    const volume = audio.createGain();
    tone.type = "sine";
    tone.frequency.value = pitch;
    volume.gain.setValueAtTime(0, begin);
    volume.gain.linearRampToValueAtTime(0.22, begin + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.001, begin + 0.3);
    tone.connect(volume).connect(audio.destination);
    tone.start(begin);
    tone.stop(begin + 0.32);
  });
}
