// The face a notebook (anywidget) and the HTML file ask for: `render({model, el})`.
import { Player } from "./player.js";

/**
 * Puts a player into `el`, and hands it what the model hears. Returns what is to be done when the view goes away.
 * @param {{model: WidgetModel, el: HTMLElement & {player?: Player}}} face
 */
function render({ model, el }) {
  const player = new Player(el, model);
  const onTrace = () => player.load(model.get("trace_lines"));
  const onMoment = () => {
    if (player.model && !player.playing && Math.abs(model.get("at_s") - player.t) > 1e-6) player.seek(model.get("at_s"));
  };
  /** @type {WidgetEvents["msg:custom"]} */
  const onMessage = (message, buffers) => {
    if (buffers?.length) message.html = new TextDecoder().decode(buffers[0]);
    player.answer(message);
  };
  const onInfo = () => player.transport && player.status();
  model.on("change:info", onInfo);
  model.on("change:trace_lines", onTrace);
  model.on("change:at_s", onMoment);
  model.on("msg:custom", onMessage);
  el.player = player;
  return () => {
    model.off("change:info", onInfo);
    model.off("change:trace_lines", onTrace);
    model.off("change:at_s", onMoment);
    model.off("msg:custom", onMessage);
    player.close();
  };
}

export default { render };
