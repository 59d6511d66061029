"""A folder, kept sonified: whatever text lands in it has its soundtrack in another one soon after.

inbox      which files are texts, and whether they are whole
scanner    looks at the inbox again and again, and reads what may have changed
events     what the system says has changed, so that the scanner looks at once
state      what is known of every text: a database among the soundtracks
home       the folder of soundtracks: its lock, what it holds, how it is changed
options    how a text is to be composed
worker     composes, in a process of its own
crew       the workers: started, given work, replaced when they crash
watcher    puts all of these together
log        what is said about it; systemd: what systemd is told
"""
