"""The oracle: proves that two implementations of the venue are the same, and fair, by trying to break them.

scenarios    weightings towards trouble
generator    random programs of commands, all from one seed
program      what is done to a venue, step by step
trial        two venues side by side, compared after every batch
witness      who reads the events alone and says where they break the rules
faults       the reference with one mistake each, which must be found
contestants  who is compared with whom
prove        program after program
shrink       the smallest program that still shows a difference
story        that program in words, with the book as a picture
record       that program as a file, to be run again
"""
