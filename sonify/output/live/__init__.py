"""Music on a MIDI port, as it is composed.

Processes of their own, so that nothing that is read, composed or drawn can come between a note and
its time, and so that nothing that happens to the one leaves the other's notes sounding:

    player (the command's process)              sender (a process of its own)
    singer: text → phrases, one at a time       transport: place in the music ↔ time
    passage: phrase → timed MIDI messages  ──▶  port: sends, and remembers what sounds
    keys, screen                           ◀──  “started”, “give me more”
                                                watcher: is the port there?

The sender ends when the pipe from the player does, whatever ended the player; its last act is
always to let every note end.
"""
