"""The unmodified python-socketio client: two users on two edges who chat, over each transport.

The Rust test `clients` starts the system and gives: EDGE_URLS (two, comma separated), TOKEN_ANA,
TOKEN_BEN.
"""

import os
import queue
import unittest

import socketio

EDGES = os.environ["EDGE_URLS"].split(",")
TOKENS = {"ana": os.environ["TOKEN_ANA"], "ben": os.environ["TOKEN_BEN"]}
LIMIT_SECONDS = 20


class Chat(unittest.TestCase):
    def connect(self, edge, user, transports):
        client = socketio.Client(reconnection=False)
        client.received = queue.Queue()
        client.on("message-received", client.received.put)
        client.connect(
            EDGES[edge],
            auth={"token": TOKENS[user]},
            transports=transports,
            wait_timeout=LIMIT_SECONDS,
        )
        self.addCleanup(client.disconnect)
        return client

    def call(self, client, event, payload):
        answer = client.call(event, payload, timeout=LIMIT_SECONDS)
        self.assertTrue(answer["ok"], f"{event}: {answer}")
        return answer

    def two_users_chat(self, room, transports):
        ana = self.connect(0, "ana", transports)
        ben = self.connect(1, "ben", transports)
        self.call(ana, "join-room", {"roomId": room})
        joined = self.call(ben, "join-room", {"roomId": room})
        self.assertEqual(joined["memberCount"], 2)
        for number in range(20):
            content = f"message {number} ✓"
            sent = self.call(ana, "send-message", {"roomId": room, "content": content})
            event = ben.received.get(timeout=LIMIT_SECONDS)
            self.assertEqual(event["message"], sent["message"])
            self.assertEqual(event["message"]["content"], content)
        self.assertEqual(ben.transport(), (transports or ["websocket"])[-1])

    def test_two_users_chat_over_polling(self):
        self.two_users_chat("python-polling", ["polling"])

    def test_two_users_chat_over_websocket(self):
        self.two_users_chat("python-websocket", ["websocket"])

    def test_two_users_chat_while_upgrading(self):
        self.two_users_chat("python-upgrade", None)

    def test_a_bad_token_is_refused(self):
        client = socketio.Client(reconnection=False)
        refusals = queue.Queue()
        client.on("connect_error", refusals.put)
        with self.assertRaises(socketio.exceptions.ConnectionError):
            client.connect(EDGES[0], auth={"token": "no token"}, wait_timeout=LIMIT_SECONDS)
        refusal = refusals.get(timeout=LIMIT_SECONDS)
        self.assertEqual(refusal["data"]["code"], "invalid-token")


if __name__ == "__main__":
    unittest.main(verbosity=2)
