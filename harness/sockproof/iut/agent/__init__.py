"""The agent: everything that runs inside the process of the implementation under test.

Standard library only, and the syntax of Python 2.7 and 3 both. Nothing is installed where it runs:
:mod:`sockproof.iut.bundle` sends these files over the interpreter's standard input.

==============  ====================================================================
control.py      the warm agent: listens to the harness, starts a process per case
loading.py      loads the module under test, and says what it is
child.py        a case's process seen from the agent: its pipes, its end
case.py         inside that process: carries out one command after the other
mainthread.py   calls in the main thread, while another takes the commands
servers.py      makes the server under test out of a description
handlers.py     request handlers that follow a script
script.py       the steps of a script, and what is raised
gates.py        where handlers are held until the harness lets them through
lines.py        the commands as they are read
green.py        commands and gates where a green runtime has the threads
hub_gevent.py   what that asks of gevent's hub
hub_eventlet.py what that asks of eventlet's hub
events.py       the one ordered stream of events, and values as JSON
looking.py      what the system says that a thread is at
accounting.py   what is left behind: descriptors, threads, children
==============  ====================================================================
"""
