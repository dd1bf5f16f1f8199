"""DDoSia: hosts that NoName057(16) orders its volunteers to attack."""
