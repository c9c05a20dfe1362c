// What this browser keeps of how the board is used: volume, repeating, notifications, masking. Nothing of patients.
const USUAL = { volume: 60, repeat: false, notify: false, masked: null };

export function kept(name) {
  try {
    const told = localStorage.getItem(`reception.${name}`);
    return told === null ? USUAL[name] : JSON.parse(told);
  } catch {
    return USUAL[name];
  }
}

export function keep(name, value) {
  try { localStorage.setItem(`reception.${name}`, JSON.stringify(value)); } catch { /* kept for this page only */ }
}
