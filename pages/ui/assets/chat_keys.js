// The chat's keys press its buttons, and its copy buttons copy in the browser: no rerun for that.
const BUTTONS = {
  "Alt+KeyR": ["regenerate"],
  "Alt+KeyC": ["continue"],
  "Alt+ArrowUp": ["edit-question-last"],
  "Alt+KeyZ": ["chat-undo"],
  "Alt+Shift+KeyZ": ["chat-redo"],
  "Alt+KeyN": ["new-chat"],
  "Alt+KeyL": ["chats"],
  "Alt+ArrowDown": ["edit-answer-last"],
  "Alt+KeyG": ["like-", "last"],
  "Alt+KeyB": ["dislike-", "last"],
  "Alt+PageUp": ["answer-chevron_left-", "last"],
  "Alt+PageDown": ["answer-chevron_right-", "last"],
}
const LAST_ANSWER = /\bst-key-answer-\d+\b/
const COPIED = 1500
const MAC = /Mac/.test(navigator.platform)
const seen = new WeakMap()

export default function ({ data, parentElement }) {
  const state = seen.get(parentElement) ?? {}
  state.texts = data.texts
  if (!seen.has(parentElement)) {
    seen.set(parentElement, state)
    state.onkey = (event) => pressed(event)
    state.onclick = (event) => clicked(state, event)
    document.addEventListener("keydown", state.onkey, true)
    document.addEventListener("click", state.onclick, true)
  }
  if (data.focus && data.focus !== state.focus) focusOn(data.focus)
  state.focus = data.focus
  return () => {
    document.removeEventListener("keydown", state.onkey, true)
    document.removeEventListener("click", state.onclick, true)
    seen.delete(parentElement)
  }
}

// At the end of its words, as soon as the field is there.
function focusOn(key, tries = 40) {
  const area = document.querySelector(`.st-key-${key} textarea`)
  if (area) {
    area.focus()
    area.setSelectionRange(area.value.length, area.value.length)
  } else if (tries) setTimeout(() => focusOn(key, tries - 1), 50)
}

function pressed(event) {
  if (event.isComposing || event.metaKey) return
  const area = event.target?.closest?.(".st-key-chat-edit textarea")
  if (event.key === "Escape") {
    // Elsewhere Escape closes a list or a menu, and nobody wants to stop an answer by that.
    const box = event.target === document.body || event.target?.closest?.('[data-testid="stChatInput"]')
    if (area) press(["edit-cancel"], event)
    else if (box) press(["stop"], event)
  } else if (area && event.key === "Enter" && event.ctrlKey) {
    // The field hands over its words with the same keys, first.
    setTimeout(() => press(["edit-save"]), 50)
  } else if (event.altKey && !event.ctrlKey && !writes(event)) {
    press(BUTTONS[`Alt+${event.shiftKey ? "Shift+" : ""}${event.code}`], event)
  }
}

// On a Mac, Option and a letter write another letter.
function writes(event) {
  return MAC && event.code.startsWith("Key") && event.target?.matches?.("textarea, input")
}

function press(wanted, event) {
  if (!wanted) return
  const [key, which] = wanted
  const button = which ? inLastAnswer(key) : anywhere(key)
  if (!button || button.disabled) return
  event?.preventDefault()
  event?.stopPropagation()
  button.click()
}

function anywhere(key) {
  const named = [...document.querySelectorAll(`.st-key-${key} button`)].at(-1)
  return named ?? document.querySelector(`[class*="st-key-${key}-"] button`)
}

// Never an earlier answer's, where the last one has no such button.
function inLastAnswer(key) {
  const answers = [...document.querySelectorAll('[class*="st-key-answer-"]')]
  const last = answers.filter((place) => LAST_ANSWER.test(place.className)).at(-1)
  return last?.querySelector(`[class*="st-key-${key}"] button`)
}

function clicked(state, event) {
  const button = event.target?.closest?.('[class*="st-key-copy-"] button')
  if (!button) return
  const place = button.closest('[class*="st-key-copy-"]')
  const key = [...place.classList].find((name) => name.startsWith("st-key-copy-")).slice(7)
  const text = state.texts[key]
  if (text === undefined) return
  event.preventDefault()
  event.stopImmediatePropagation()
  copy(text).then(() => {
    const icon = button.querySelector('[data-testid="stIconMaterial"], [role="img"]')
    if (!icon || icon.textContent !== "content_copy") return
    icon.textContent = "check"
    setTimeout(() => (icon.textContent = "content_copy"), COPIED)
  })
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text)
  } catch {
    // Away from localhost a page without https has no clipboard of that kind.
    const area = document.createElement("textarea")
    area.value = text
    document.body.append(area)
    area.select()
    document.execCommand("copy")
    area.remove()
  }
}
