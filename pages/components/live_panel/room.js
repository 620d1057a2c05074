// The line to the live room: hears how it stands, sends what is to be done, and comes back by
// itself when it was cut.

const AGAIN_MS = 1000;
const AWAY = "The dashboard does not answer: is it still running?";

export function openRoom(url, { hear, refuse, lose }) {
  let socket = null;
  let timer = null;
  let isClosed = false;
  open();

  function open() {
    socket = new WebSocket(url);
    socket.onmessage = (event) => {
      const news = JSON.parse(event.data);
      if (news.error) lose(news.error);
      else if (news.refused) refuse(news.refused);
      else hear(news);
    };
    socket.onclose = (event) => {
      if (isClosed) return;
      if (event.code === 1006) lose(AWAY);
      timer = setTimeout(open, AGAIN_MS);
    };
  }

  return {
    send(command) {
      if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(command));
      else refuse(AWAY);
    },
    close() {
      isClosed = true;
      clearTimeout(timer);
      socket.close();
    },
  };
}
