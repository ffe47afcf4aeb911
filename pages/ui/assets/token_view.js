// The tokens of a conversation as chips. Everything that comes from the data is set as text.
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/
const SPEAKERS = {
  user: "words of the user",
  assistant: "words of the bot",
  system: "system text",
  template: "written by the chat template",
  end: "end token",
}
const LEGEND = [
  ["learned", "learned"],
  ["learned telling", "learned, tells what was asked for"],
  ["words", "only read"],
  ["template", "role marker, chat template"],
  ["end", "end token"],
]

function span(className, text) {
  const made = document.createElement("span")
  made.className = className
  made.textContent = text
  return made
}

// Blanks, line breaks and characters that nobody can see get a sign of their own.
function spell(chip, text) {
  let plain = ""
  const flush = () => {
    if (plain) chip.append(plain)
    plain = ""
  }
  for (const letter of text) {
    let sign = ""
    if (letter === " ") sign = "·"
    else if (letter === "\n") sign = "↵"
    else if (letter === "\t") sign = "→"
    else if (letter === "\u00a0") sign = "⍽"
    else if (UNSEEN.test(letter))
      sign = `U+${letter.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`
    if (!sign) {
      plain += letter
      continue
    }
    flush()
    chip.append(span("sign", sign))
  }
  flush()
}

function described(data, n) {
  const place = `Token ${data.start + n + 1} of ${data.total}`
  const turn = data.turns[n] ? `, turn ${data.turns[n]}` : ""
  const part = data.parts[n] ? `, part of “${data.parts[n]}”` : ""
  const cut = data.cut >= 0 && data.start + n >= data.cut
  const fate = cut ? "not read in training" : data.trained[n] ? learned(data, n) : "only read"
  return `${place}: id ${data.ids[n]}, ${SPEAKERS[data.kinds[n]]}${turn}${part}, ${fate}`
}

function learned(data, n) {
  return data.telling[n] ? "learned, tells what was asked for" : "learned"
}

export default function ({ data, parentElement }) {
  const view = parentElement.querySelector("#view")
  const legend = document.createElement("div")
  legend.className = "legend"
  for (const [className, text] of LEGEND) legend.append(span(`token ${className}`, text))
  const detail = document.createElement("div")
  detail.className = "detail"
  detail.setAttribute("role", "status")
  const hint = "Point at a token, or walk with the arrow keys, to see its number (id)."
  detail.textContent = hint
  const tokens = document.createElement("div")
  tokens.className = "tokens"
  tokens.tabIndex = 0
  tokens.setAttribute("role", "group")
  tokens.setAttribute("aria-label", "Tokens")
  const chips = data.texts.map((text, n) => {
    const place = data.start + n
    if (place === data.cut) {
      const line = span("cut", "Training ends here; what follows is not read")
      line.setAttribute("role", "separator")
      tokens.append(line)
    }
    const kind = data.kinds[n]
    const words = kind !== "template" && kind !== "end" ? "words" : kind
    const chip = span(`token ${words}`, "")
    const behind = data.cut >= 0 && place >= data.cut
    if (behind) chip.classList.add("behind")
    else if (data.trained[n]) chip.classList.add("learned")
    if (data.telling[n] && !behind) chip.classList.add("telling")
    if (data.parts[n]) chip.classList.add("part")
    chip.dataset.n = n
    spell(chip, text)
    tokens.append(chip)
    if (text.includes("\n")) tokens.append(document.createElement("br"))
    return chip
  })
  let current = -1
  const show = (n) => {
    if (!(n in chips)) return
    chips[current]?.classList.remove("current")
    current = n
    chips[n].classList.add("current")
    detail.textContent = described(data, n)
  }
  const under = (event) => {
    const chip = event.target.closest?.(".token")
    if (chip) show(Number(chip.dataset.n))
  }
  tokens.onmouseover = under
  tokens.onclick = under
  tokens.onfocus = () => show(Math.max(current, 0))
  tokens.onkeydown = (event) => {
    const last = chips.length - 1
    const places = { ArrowRight: current + 1, ArrowLeft: current - 1, Home: 0, End: last }
    if (!(event.key in places)) return
    event.preventDefault()
    show(Math.min(Math.max(places[event.key], 0), last))
    chips[current].scrollIntoView({ block: "nearest" })
  }
  view.replaceChildren(legend, tokens, detail)
}
