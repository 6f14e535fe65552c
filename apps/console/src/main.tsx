import './api/zod-without-eval.js';
import '@mantine/core/styles.css';
import './theme/tokens.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { Console } from './console.js';

const place = document.getElementById('console');
if (place === null) throw new Error('the page has no place for the console; index.html and script are not of one build');
createRoot(place).render(<StrictMode><Console /></StrictMode>);
