# Collection.
