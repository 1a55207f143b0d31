# Batches as Python sees them: bytes of records in, bytes of records out, and the GIL given away for large ones.

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.ref cimport PyObject, Py_XDECREF
from libc.stdint cimport int64_t, uint64_t
from libc.stdlib cimport free

from pricetime.core.outbox cimport widen_outbox
from pricetime.core.records cimport RECORD_VERSION, Command, Event
from pricetime.core.state cimport Core

cdef extern from *:
    """
    #ifdef __GLIBC__
    #include <malloc.h>
    /* Batches of events are some hundred kilobytes each. By default the C library gives such a block back to
       the system at once, and each page of the next one is a fault: half of the time of a batch. */
    static void pt_keep_freed_memory(void) {
        mallopt(M_MMAP_THRESHOLD, 32 << 20);
        mallopt(M_TRIM_THRESHOLD, 64 << 20);
    }
    #else
    static void pt_keep_freed_memory(void) {}
    #endif
    """
    void keep_freed_memory "pt_keep_freed_memory"() noexcept nogil

cdef extern from "Python.h":
    PyObject* PyBytes_FromStringAndSize(const char* content, Py_ssize_t size) except NULL
    int _PyBytes_Resize(PyObject** bytes_object, Py_ssize_t size) except -1

cdef enum:
    FREE_GIL_FROM = 64      # records of a batch: below it giving the GIL away costs more than it gives
    EVENTS_PER_RECORD = 8   # for which there is room at first; a batch that says more is moved once
    SPARE_EVENTS = 32


cdef inline bint are_records(const char* records, int64_t size, int64_t each) noexcept nogil:
    """Return whether these are whole records of this version."""
    cdef int64_t at
    for at in range(size // each):
        if <unsigned char>records[at * each] != RECORD_VERSION:
            return False
    return size % each == 0


cdef inline bytes blank(Py_ssize_t size):
    """Return bytes that are still to be written."""
    cdef PyObject* made = PyBytes_FromStringAndSize(NULL, size)
    cdef bytes result = <bytes>made
    Py_XDECREF(made)
    return result


cdef inline PyObject* lend_events(Core* v, int64_t records) except? NULL:
    """Let the events be written straight into a bytes object, as large as they will probably be."""
    cdef PyObject* events
    cdef uint64_t room = <uint64_t>(records * EVENTS_PER_RECORD) + SPARE_EVENTS
    if v.outbox.count:
        return NULL  # events of an earlier batch that broke off go first
    free(v.outbox.events)
    events = PyBytes_FromStringAndSize(NULL, room * sizeof(Event))
    v.outbox.events = <Event*>PyBytes_AS_STRING(<object>events)
    v.outbox.room = room
    v.outbox.borrowed = True
    return events


cdef inline int keep_events(Core* v, PyObject* events) except -1:
    """Keep the events so far for the next batch."""
    if v.outbox.borrowed:
        v.outbox.room = v.outbox.count
        widen_outbox(v)
    Py_XDECREF(events)
    return 0


cdef inline bytes take_events(Core* v, PyObject* events):
    """Return the batch of events and begin a new one."""
    cdef uint64_t count = v.outbox.count
    cdef bytes taken
    if v.outbox.borrowed:
        _PyBytes_Resize(&events, count * sizeof(Event))
        v.outbox.borrowed = False
    else:
        Py_XDECREF(events)
        events = PyBytes_FromStringAndSize(<char*>v.outbox.events, count * sizeof(Event))
        free(v.outbox.events)
    v.outbox.events = NULL
    v.outbox.count = v.outbox.room = 0
    taken = <bytes>events
    Py_XDECREF(events)  # the name above holds it now
    return taken
