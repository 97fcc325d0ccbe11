// Live pictures: the wall, or the supervision room's screen. All words come ready from Python (live_player.py).

const BOARDS = new WeakMap();

export default function ({ data, parentElement, setTriggerValue }) {
  const tell = (told) => setTriggerValue("told", told);
  let board = BOARDS.get(parentElement);
  const kind = data.display ? Display : Wall;
  if (board && !(board instanceof kind)) {
    board.remove();
    board = null;
  }
  board ??= new kind(parentElement, data, tell);
  BOARDS.set(parentElement, board);
  board.take(data, tell);
  return () => {
    board.remove();
    BOARDS.delete(parentElement);
  };
}
