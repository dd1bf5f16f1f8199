"""What happens with a night's warnings: kept, told to whoever asked for them, answered by people.

warning_rows     a row of the table `warnings` as this room knows it
warning_events   the record: a line an event, and its lock
warning_states   what the record says of each warning
recording        a night, a person's word, a rollback: what they add to the record
playbooks        what a playbook may say: which warnings go where, when, and what then
playbook_files   the playbooks of a home, read with line and cure; yaml_lines finds the line
secret_values    `${NAME}` of the environment, and what must not be shown
wording          warnings in words: faults of the data are never told as threats
warning_messages  a message for people and programs
due_messages     what is to be told now: once, not in quiet hours, not in a flood
channels         one message to a webhook, a chat, a mailbox or a file
outcome_tables   what people found warnings to be, for the release
telling          all of it: after a night, between nights, after a rollback, as a rehearsal

Nothing here computes a number or judges a warning, and a message holds what the row says.
"""
