// The header of libjpeg leaves FILE and size_t to those who include it.
#include <stddef.h>
#include <stdio.h>

#include <jpeglib.h>
