"""`ko-paper`: the paper's classifier, Okt → Word2Vec → Bi-LSTM → softmax, learned from NSMC."""
